-- Commands by the database: what a page asks of the daemon that owns the command, on whatever machine that runs.

create table command_request (
	request_id bigint primary key generated always as identity,
	command text not null check (length(command) between 1 and 64),
	owner text not null check (owner in ('web', 'importer', 'extractor')),
	for_host text,
	args jsonb not null default '{}' check (jsonb_typeof(args) = 'object' and octet_length(args::text) <= 16384),
	asked_by text not null check (length(asked_by) between 1 and 64),
	asked_at timestamptz not null default now(),
	status text not null default 'waiting'
		check (status in ('waiting', 'running', 'done', 'failed', 'cancelled', 'lost')),
	taken_at timestamptz,
	seen_at timestamptz,
	host text,
	progress jsonb,
	result jsonb,
	error jsonb,
	finished_at timestamptz
);
create index command_request_open on command_request (request_id) where status in ('waiting', 'running');
comment on table command_request is
	'The latest 1000, of which at most 100 wait. Whoever takes one runs it once; one that is not taken within an hour is cancelled.';
comment on column command_request.command is 'As the control protocol has it: import.now.';
comment on column command_request.for_host is 'Only this one may take it; null: any.';
comment on column command_request.asked_by is 'The account.';
comment on column command_request.status is
	'done: there is a result. failed, cancelled, lost: there is an error. lost: its process ended before it did.';
comment on column command_request.host is 'Machine and state folder of who took it: what it left when it died is lost as soon as it is back.';
comment on column command_request.seen_at is 'Its process was alive then; one not seen for five minutes is lost.';
comment on column command_request.progress is 'The latest event, and in "events" how many there were of each kind.';

create function command_request_asked() returns trigger language plpgsql as $$
begin
	-- one at a time, so that the count is right
	perform pg_advisory_xact_lock(1215515246, 0);
	if (select count(*) from command_request where status = 'waiting' and asked_at > now() - interval '1 hour') >= 100 then
		raise exception '100 requests wait already: hsctl status tells why none is taken' using errcode = '53400';
	end if;
	delete from command_request where status <> 'running'
		and not (status = 'waiting' and asked_at > now() - interval '1 hour')
		and request_id <= (select request_id from command_request order by request_id desc offset 999 limit 1);
	perform pg_notify('command_request', new.owner);
	return new;
end
$$;
create trigger command_request_asked before insert on command_request
	for each row execute function command_request_asked();

-- The extractor runs for an admin's page too; import_run knows him already.
alter table extractor_run drop constraint extractor_run_trigger_check;
alter table extractor_run add constraint extractor_run_trigger_check
	check (trigger in ('command', 'schedule', 'catch-up', 'admin'));
