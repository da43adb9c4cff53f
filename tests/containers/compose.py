"""Compose files brought up where there is no engine: what `docker-compose config` merges, run by podman.

Every container is in one network namespace (the test's own, with nothing but a loopback), where each
service's name is 127.0.0.1: names of services do not resolve without an engine's DNS. All else of a
service is handed to podman as it is; a key that is not known here is an error, so that nothing which
the files say goes untested by oversight.
"""

import json
import os
import subprocess
import time

import yaml

IGNORED = {"build",        # images are built beforehand
           "depends_on",   # read here, in up()
           "ports",        # one network namespace: nothing to publish
           "profiles", "logging", "restart", "stop_grace_period"}


def seconds(text):
    """A duration as compose writes it, in whole seconds."""
    total, digits = 0, ""
    for letter in str(text):
        if letter.isdigit():
            digits += letter
        else:
            total += int(digits) * {"h": 3600, "m": 60, "s": 1}[letter]
            digits = ""
    return total


class Compose:
    """One project of a set of compose files in a folder."""

    def __init__(self, project, folder, files, environment, settings):
        """settings: CONTAINERS_CONF and CONTAINERS_STORAGE_CONF, for podman."""
        self.project, self.folder = project, folder
        self.environment = {**os.environ, **settings, **environment}
        self.arguments = [argument for name in files for argument in ("-f", name)]
        self.config = yaml.safe_load(self.docker_compose("config"))
        self.services = self.config["services"]

    def docker_compose(self, *words):
        done = subprocess.run(["docker-compose", *self.arguments, *words], cwd=self.folder, env=self.environment,
                              check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def podman(self, *words, check=True, timeout=120):
        done = subprocess.run(["podman", *words], env=self.environment, check=False, capture_output=True,
                              text=True, timeout=timeout)
        assert not check or done.returncode == 0, f"podman {' '.join(words)}: {done.stderr}"
        return done

    def container(self, service):
        return f"{self.project}-{service}"

    def volume(self, name):
        return f"{self.project}-{(self.config['volumes'].get(name) or {}).get('name', name)}"

    def _mount(self, entry):
        if isinstance(entry, dict):
            source, target = entry["source"], entry["target"] + (":ro" if entry.get("read_only") else "")
        else:
            source, _, target = entry.partition(":")
        return f"{source if source.startswith('/') else self.volume(source)}:{target}"

    def _health(self, check):
        test = check.pop("test")
        command = test[1].replace("$$", "$") if test[0] == "CMD-SHELL" else json.dumps(test[1:])
        words = ["--health-cmd", command]
        names = {"interval": "--health-interval", "timeout": "--health-timeout", "retries": "--health-retries",
                 "start_period": "--health-start-period"}
        for name, value in check.items():
            words += [names[name], str(value)]
        return words

    def _words(self, name, service):
        """podman run's arguments for a service."""
        words = ["--name", self.container(name), "--network", "host"]
        # podman's own limits are higher than some machines allow; one that is given takes away all of
        # containers.conf's
        limits = {"nproc": 4096, "nofile": 16384, **service.get("ulimits", {})}
        words += [f"--ulimit={limit}={value}:{value}" for limit, value in limits.items()]
        words += [f"--add-host={other}:127.0.0.1" for other in self.services]
        for key, value in service.items():
            if key in IGNORED or key in ("image", "command", "ulimits"):
                continue
            if key == "environment":
                words += [f"--env={var}={str(text).replace('$$', '$')}" for var, text in value.items() if text is not None]
            elif key == "volumes":
                words += [f"--volume={self._mount(entry)}" for entry in value]
            elif key in ("tmpfs", "cap_drop", "security_opt"):
                option = {"tmpfs": "--tmpfs", "cap_drop": "--cap-drop", "security_opt": "--security-opt"}[key]
                words += [f"{option}={entry}" for entry in value]
            elif key in ("user", "shm_size", "stop_signal", "pids_limit"):
                words += [f"--{key.replace('_', '-')}={value}"]
            elif key == "mem_limit":
                words += [f"--memory={value}"]
            elif key == "read_only":
                words += ["--read-only", "--read-only-tmpfs=false"] if value else []
            elif key == "healthcheck":
                words += self._health(dict(value))
            else:
                raise AssertionError(f"service {name}: the test does not know the key {key}")
        return words

    def up(self, *names):
        """Starts services, each when those that it depends on are healthy."""
        for name in names:
            service = self.services[name]
            for other, how in (service.get("depends_on") or {}).items():
                if how["condition"] == "service_healthy":
                    self.wait_healthy(other)
            command = service.get("command") or []
            self.podman("run", "-d", *self._words(name, service), service["image"], *command)

    def is_healthy(self, service):
        return self.podman("healthcheck", "run", self.container(service), check=False).returncode == 0

    def wait_healthy(self, service):
        """As long as its health check's start period, and its retries, allow."""
        check = self.services[service]["healthcheck"]
        end = time.monotonic() + seconds(check["start_period"]) + check["retries"] * seconds(check["interval"])
        while not self.is_healthy(service):
            state = self.podman("inspect", "--format", "{{.State.Status}}", self.container(service)).stdout.strip()
            assert state == "running" and time.monotonic() < end, f"{service} is {state}:\n{self.logs(service)}"
            time.sleep(0.3)

    def execute(self, service, *words, check=True, stdin=None):
        """As `docker compose exec SERVICE WORD...`."""
        done = subprocess.run(["podman", "exec", *(["-i"] if stdin is not None else []), self.container(service),
                               *words], env=self.environment, check=False, capture_output=True, text=True,
                              input=stdin, timeout=120)
        assert not check or done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done

    def logs(self, service):
        done = self.podman("logs", self.container(service), check=False)
        return done.stdout[-4000:] + done.stderr[-4000:]

    def stop(self, service):
        """As `docker compose stop` does; its exit status."""
        grace = seconds(self.services[service].get("stop_grace_period", "10s"))
        self.podman("stop", "-t", str(grace), self.container(service), timeout=grace + 60)
        return int(self.podman("inspect", "--format", "{{.State.ExitCode}}", self.container(service)).stdout)

    def remove(self, *names):
        for name in names:
            self.podman("rm", "-f", "-v", "-t", "2", self.container(name), check=False)

    def down(self):
        """All of it, with its volumes."""
        self.remove(*self.services)
        for name in self.config["volumes"]:
            self.podman("volume", "rm", "-f", self.volume(name), check=False)
