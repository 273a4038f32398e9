-- Every machine of every run. Variable: machines (JSON list).

DELETE FROM machines;

INSERT INTO machines BY NAME
SELECT
  row.* EXCLUDE (canary, downloaded_gb, download_seconds),
  row.downloaded_gb * 8000 / nullif(row.download_seconds, 0) AS download_mbps,
  row.canary.engine AS canary_engine, row.canary.model AS canary_model, row.canary.seconds AS canary_seconds,
  row.canary.tokens_per_second AS canary_tokens_per_second, row.canary.memory_bandwidth_gb_s AS memory_bandwidth_gb_s,
  row.canary.power_limit_w AS power_limit_w, row.canary.power_default_limit_w AS power_default_limit_w,
  row.canary.pcie_generation AS pcie_generation, row.canary.pcie_width AS pcie_width, row.canary.findings AS findings
FROM (
  SELECT unnest(from_json(getvariable('machines'), '[{
    "run_id": "VARCHAR", "id": "VARCHAR", "lease_id": "VARCHAR", "session_id": "VARCHAR", "provider": "VARCHAR", "offer_id": "VARCHAR",
    "host": "VARCHAR", "location": "VARCHAR", "gpu": "VARCHAR", "gpu_count": "INTEGER", "price_per_hour": "DOUBLE", "state": "VARCHAR",
    "started_at": "TIMESTAMP", "ended_at": "TIMESTAMP", "end_code": "VARCHAR", "end_reason": "VARCHAR", "refused": "BOOLEAN",
    "simulated": "BOOLEAN", "total_cost": "DOUBLE", "downloaded_gb": "DOUBLE", "download_seconds": "DOUBLE",
    "canary": {
      "engine": "VARCHAR", "model": "VARCHAR", "seconds": "DOUBLE", "tokens_per_second": "DOUBLE", "memory_bandwidth_gb_s": "DOUBLE",
      "power_limit_w": "DOUBLE", "power_default_limit_w": "DOUBLE", "pcie_generation": "INTEGER", "pcie_width": "INTEGER",
      "findings": [{"check": "VARCHAR", "value": "DOUBLE", "limit": "DOUBLE", "unit": "VARCHAR", "verdict": "VARCHAR"}]
    }
  }]')) AS row
);
