-- The files of the JSON mirror as they are now. Variable: mirror (JSON list of path, bytes, sha256).

DELETE FROM mirror;

INSERT INTO mirror BY NAME
FROM (SELECT unnest(from_json(getvariable('mirror'), '[{"path": "VARCHAR", "bytes": "BIGINT", "sha256": "VARCHAR"}]'), recursive := true))
ORDER BY path;
