-- What the source of published results recommends. Variables: published_run, picks (JSON list), its structure (picks_structure).
INSERT INTO published_picks BY NAME
SELECT getvariable('published_run') AS run_id, "for" AS want, * EXCLUDE ("for")
FROM (SELECT unnest(from_json(getvariable('picks'), getvariable('picks_structure')), recursive := true));
