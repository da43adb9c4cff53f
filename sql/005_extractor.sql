-- What the extractor fetched, when, and how it ended; and what a server said of its answers, so that it need not
-- send again what has not changed.

create table extractor_run (
	run_id bigint primary key generated always as identity,
	source text not null,
	trigger text not null check (trigger in ('command', 'schedule', 'catch-up')),
	status text not null default 'running'
		check (status in ('running', 'emitted', 'unchanged', 'checked', 'failed', 'cancelled', 'lost')),
	started_at timestamptz not null default now(),
	seen_at timestamptz not null default now(),
	finished_at timestamptz,
	url text not null,
	host text not null,
	pages bigint not null default 0,
	bytes bigint not null default 0,
	records bigint not null default 0,
	file text,
	source_name text,
	snapshot_date date,
	error jsonb,
	problem_total bigint not null default 0,
	problems jsonb not null default '[]',
	report jsonb
);
comment on table extractor_run is 'The latest 1000 of each source: older ones go when it runs again.';
comment on column extractor_run.seen_at is 'Its process was alive then; one not seen for minutes is lost.';
comment on column extractor_run.host is 'Who runs it: what it left when it died is lost as soon as it is back.';
comment on column extractor_run.bytes is 'Of the answers, unpacked.';
comment on column extractor_run.report is
	'Records of the feed that are not in the snapshot: skipped, left out, repeated; and warnings.';
comment on column extractor_run.file is 'The path of the snapshot, when there is one.';
create unique index extractor_run_once on extractor_run (source) where status = 'running';
create index extractor_run_source on extractor_run (source, run_id desc);

create table extractor_answer (
	source text not null,
	key_sha256 bytea not null,
	etag text,
	last_modified text,
	body_sha256 bytea not null,
	seen_at timestamptz not null default now(),
	primary key (source, key_sha256)
);
create index extractor_answer_seen on extractor_answer (seen_at);
comment on column extractor_answer.seen_at is
	'It was written or asked with then, to a day; one that was not for a year is forgotten.';
comment on table extractor_answer is
	'The latest answer that became a snapshot: what to ask with, to hear whether it changed.';
comment on column extractor_answer.key_sha256 is
	'Of the URL, which may hold a secret, and of all else that makes the snapshot another one: mapping, name, payload.';

create table extractor_source (
	source text primary key,
	is_enabled boolean not null default true,
	schedule text,
	time_zone text,
	spread integer not null default floor(random() * 1000000),
	last_due_at timestamptz,
	next_due_at timestamptz
);
comment on table extractor_source is
	'When each source with a schedule runs. Of several machines that see it due, the one that moves next_due_at runs it.';
comment on column extractor_source.schedule is 'As it was when next_due_at was settled; when it changes, so does that.';
comment on column extractor_source.spread is 'Its share of the jitter: the remainder by the most that is allowed.';
comment on column extractor_source.next_due_at is 'Less the jitter. Null: to be settled.';
