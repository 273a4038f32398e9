-- Every entry of every run. Variable: manifest (JSON list of manifest rows).

DELETE FROM manifest;

INSERT INTO manifest BY NAME
SELECT unnest(from_json(getvariable('manifest'), '[{
  "id": "VARCHAR", "run_id": "VARCHAR", "entry_id": "VARCHAR", "gpu_type": "VARCHAR", "provider": "VARCHAR",
  "model": "VARCHAR", "engine": "VARCHAR", "status": "VARCHAR", "stage": "VARCHAR", "worker_id": "VARCHAR", "session_id": "VARCHAR",
  "tokens_per_second": "DOUBLE", "failure_reason": "VARCHAR", "failure_stage": "VARCHAR", "raw_dir": "VARCHAR",
  "started_at": "TIMESTAMP", "ended_at": "TIMESTAMP"
}]'), recursive := true);
