-- Nationalities as countries, however the sources write them.

alter table label add column country text check (country is null or kind = 'nationality');
comment on column label.country is 'Of a nationality: the name of the country that it means, as HoopScout shows it; null when it is none. The importer keeps it, from its table of countries. Group and filter by coalesce(country, name).';
create index label_country on label ((coalesce(country, name))) where kind = 'nationality';
