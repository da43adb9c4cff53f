/* league.js: a snapshot of an invented league: 62 players whose figures are easy to foretell.
 *
 * Player n of 60 has n points in 2024 and n/2 in 2023; Luka Dončić and Karl-Anthony Towns
 * are there to be found by name. */
"use strict";

const record = (id, name, season, ppg, more) => ({
	competition_external_id: "LIGA", competition_name: "Liga", season, team_external_id: `T${id % 12}`,
	team_name: `Team ${String.fromCharCode(65 + (id % 12))}`, player_external_id: `p${id}`, full_name: name,
	games_played: 40, minutes_per_game: 20.5, points_per_game: ppg, rebounds_per_game: (id * 7) % 13, assists_per_game: null,
	...more,
});

const records = [];
for (let id = 1; id <= 60; id++) {
	const name = `Player ${String(id).padStart(2, "0")}`;
	const more = { position: id % 3 === 0 ? "C" : "G", nationality: id % 2 === 0 ? "France" : "Serbia", height_cm: 180 + (id % 40) };
	records.push(record(id, name, "2023", id / 2, more), record(id, name, "2024", id, more));
}
records.push(record(77, "Luka Dončić", "2024", 33.9, { position: "G", birth_date: "1999-02-28", height_cm: 201, weight_kg: 104 }));
records.push(record(32, "Karl-Anthony Towns", "2023", 21.8, { position: "C", player_external_id: "kat" }));

module.exports = { source_name: "invented", snapshot_date: "2024-06-30", records };
