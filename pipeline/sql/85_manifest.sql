-- Every entry of every run. Variable: manifest (JSON list of manifest rows).

DELETE FROM benchmark_manifest;

INSERT INTO benchmark_manifest BY NAME
SELECT unnest(from_json(getvariable('manifest'), '[{
  "id": "VARCHAR", "run_id": "VARCHAR", "entry_id": "VARCHAR", "gpu_type": "VARCHAR", "provider": "VARCHAR",
  "model": "VARCHAR", "engine": "VARCHAR", "status": "VARCHAR", "stage": "VARCHAR", "worker_id": "VARCHAR", "machine_id": "VARCHAR",
  "session_id": "VARCHAR", "offer_id": "VARCHAR", "price_per_hour": "DOUBLE", "total_cost": "DOUBLE", "attempts": "INTEGER",
  "tokens_per_second": "DOUBLE", "failure_code": "VARCHAR", "failure_reason": "VARCHAR", "failure_stage": "VARCHAR",
  "raw_dir": "VARCHAR", "started_at": "TIMESTAMP", "ended_at": "TIMESTAMP", "simulated": "BOOLEAN"
}]'), recursive := true);
