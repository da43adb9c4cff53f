-- Who was told apart stays apart: a link that would make one person of two such players is refused, over however many
-- others it goes, until that is taken back.

create or replace function identity_link(a text, b text, actor text, address text, why text, out outcome text,
	out person integer, out which text)
language plpgsql as $$
declare
	ids integer[];
	pair integer[];
	members integer[];
begin
	perform pg_advisory_xact_lock(1215513165, 1);
	ids := array[identity_find(a), identity_find(b)];
	if ids[1] is null or ids[2] is null then
		outcome := 'unknown';
		which := case when ids[1] is null then a else b end;
		return;
	end if;
	select array_agg(coalesce(k.person_id, i.id) order by i.at) into pair
	from unnest(ids) with ordinality i (id, at) left join player_link k on k.player_id = i.id;
	person := least(pair[1], pair[2]);
	if pair[1] = pair[2] then
		outcome := 'same';
		return;
	end if;
	select array_agg(player_id) into members from (
		select k.player_id from player_link k where k.person_id = any(pair) union select unnest(ids)) m;
	if array_length(members, 1) > 50 then
		outcome := 'many';
		return;
	end if;
	-- each within one person: they were linked before this was refused
	select identity_name(u.player_a) || ' and ' || identity_name(u.player_b) into which
	from player_unlike u
	left join player_link x on x.player_id = u.player_a
	left join player_link y on y.player_id = u.player_b
	where u.player_a = any(members) and u.player_b = any(members)
		and coalesce(x.person_id, u.player_a) <> coalesce(y.person_id, u.player_b)
	order by u.player_a, u.player_b limit 1;
	if which is not null then
		outcome := 'apart';
		return;
	end if;
	select case i.at when 1 then a else b end into which
	from unnest(ids) with ordinality i (id, at)
	where not exists (select from player_link k where k.player_id = i.id)
		and not exists (select from player_best n where n.player_id = i.id) limit 1;
	if which is not null then
		outcome := 'seasons';
		return;
	end if;
	insert into player_link (player_id, person_id, name_folded, linked_by, reason)
	select i.id, person, n.name_folded, actor, why from unnest(ids) i (id)
	join player_best n on n.player_id = i.id
	where not exists (select from player_link k where k.player_id = i.id);
	update player_link k set person_id = person where k.player_id = any(members) and k.person_id <> person;
	update player_season_stats l set player_id = person where l.player_id = any(pair) and l.player_id <> person;
	perform identity_raise_version(identity_refresh(pair, null));
	perform identity_audit('identity link', actor, address, a || ' and ' || b, why);
	outcome := 'linked';
end $$;

-- Takes back that two players are two people.
create function identity_take_back(a text, b text, actor text, address text, out outcome text, out person integer,
	out which text)
language plpgsql as $$
declare
	ids integer[];
begin
	perform pg_advisory_xact_lock(1215513165, 1);
	ids := array[identity_find(a), identity_find(b)];
	if ids[1] is null or ids[2] is null then
		outcome := 'unknown';
		which := case when ids[1] is null then a else b end;
		return;
	end if;
	delete from player_unlike where player_a = least(ids[1], ids[2]) and player_b = greatest(ids[1], ids[2]);
	if not found then
		outcome := 'never';
		return;
	end if;
	perform identity_audit('identity take-back', actor, address, a || ' and ' || b, null);
	outcome := 'taken back';
end $$;

-- SOURCE:EXTERNAL_ID of a player.
create function identity_name(player integer) returns text
language sql stable as $$
	select so.name || ':' || p.external_id from player p join source so using (source_id) where p.player_id = player
$$;
