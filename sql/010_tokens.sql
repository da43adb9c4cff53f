-- What programs sign in with: a token of an account, for /api/v1. No token stands here, only its SHA-256.

create table api_token (
	token_id bigint primary key generated always as identity,
	name text not null check (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$' and name !~ '^[0-9]+$'),
	account_id bigint not null references account on delete cascade,
	role text not null default 'viewer' check (role in ('viewer', 'scout', 'admin')),
	token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),
	created_at timestamptz not null default now(),
	created_by text not null,
	expires_at timestamptz not null,
	last_used_at timestamptz,
	revoked_at timestamptz
);
create unique index api_token_name on api_token (name) where revoked_at is null;
create index api_token_account on api_token (account_id);
comment on table api_token is 'Those that are of use, and the latest 1000 that were revoked.';
comment on column api_token.role is 'What it may at most; never more than its account may at that moment.';
comment on column api_token.last_used_at is 'To a minute.';
comment on column api_token.created_by is 'The account, or hsctl.';
