-- The sources that hsd-extractor knows, as it tells them: their mappings lie on its machine, the pages about them are
-- made on another, maybe. And how a run fares that is under way, whoever asked for it.

create table extractor_known (
	host text not null,
	source text not null check (length(source) between 1 and 64),
	told_at timestamptz not null default now(),
	about text not null,
	url_host text,
	schedule text,
	schedule_words text,
	time_zone text,
	jitter_seconds integer not null default 0,
	is_scheduler_on boolean not null,
	problem text,
	primary key (host, source)
);
comment on table extractor_known is
	'Told at start, when something changed, and every hour. A host not heard of for 30 days is forgotten.';
comment on column extractor_known.host is 'Machine and state folder, as in extractor_run.';
comment on column extractor_known.url_host is 'Of its first URL; null: it names none. The rest may hold a secret.';
comment on column extractor_known.jitter_seconds is 'The most that it begins later than next_due_at: see extractor_source.spread.';
comment on column extractor_known.problem is 'Why it cannot run, or not by its schedule: a mistake in its mapping.';

alter table extractor_run add column progress jsonb;
comment on column extractor_run.progress is
	'While it runs, as it was at seen_at: {"stage","note","bytes","total","pages","records","seconds"}.';

-- A run's page leads to what became of its snapshot.
create index import_file_name on import_file (name);
