-- Who may do what: accounts, their sessions in the browser, and what was done by whom. No secret stands here in a form
-- that could be used: passwords as scrypt hashes, sessions by the SHA-256 of their tokens.

create table account (
	account_id bigint primary key generated always as identity,
	name text not null unique check (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
	role text not null check (role in ('viewer', 'scout', 'admin')),
	password_hash text not null,
	is_disabled boolean not null default false,
	created_at timestamptz not null default now(),
	password_set_at timestamptz not null default now(),
	signed_in_at timestamptz
);
comment on column account.password_hash is '$scrypt$ln=LOG2_N,r=R,p=P$SALT$HASH: what made it is kept with it.';

create table account_session (
	token_sha256 bytea primary key,
	account_id bigint not null references account on delete cascade,
	created_at timestamptz not null default now(),
	seen_at timestamptz not null default now(),
	ends_at timestamptz not null,
	address text not null
);
create index account_session_account on account_session (account_id, created_at);
create index account_session_ends on account_session (ends_at);
comment on column account_session.seen_at is 'To a minute.';
comment on column account_session.ends_at is 'However often it is used.';

create table account_address (
	account_id bigint not null references account on delete cascade,
	address text not null,
	signed_in_at timestamptz not null default now(),
	primary key (account_id, address)
);
comment on table account_address is
	'Where an account was signed in from: strangers who try its name elsewhere do not keep it out there.';

create table sign_in_throttle (
	key_sha256 bytea primary key,
	failures integer not null,
	failed_at timestamptz not null,
	waits_until timestamptz not null
);
create index sign_in_throttle_failed on sign_in_throttle (failed_at);
comment on column sign_in_throttle.key_sha256 is
	'Of an account''s name, an address, or both: what was typed as a name may have been a password.';

create table audit_trail (
	audit_id bigint primary key generated always as identity,
	happened_at timestamptz not null default now(),
	action text not null,
	is_refusal boolean not null default false,
	actor text,
	address text,
	subject text,
	detail text
);
create index audit_trail_kind on audit_trail (is_refusal, audit_id);
comment on table audit_trail is
	'The latest 10000 things that were done, and the latest 10000 that were refused.';
comment on column audit_trail.actor is 'The account; null: who is not signed in, or hsctl, where the action says so.';
comment on column audit_trail.address is 'Null: the control socket of this machine.';
