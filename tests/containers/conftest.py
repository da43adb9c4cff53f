"""The last line, as every test program of ours ends."""


def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly:
        return
    failed = len(reporter.stats.get("failed", [])) + len(reporter.stats.get("error", []))
    print(f"containers: {len(reporter.stats.get('passed', []))} passed, {failed} failed")
