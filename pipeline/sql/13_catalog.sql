-- What the makers say of GPUs and models. Variables: gpus, models (JSON lists of data/catalog).

CREATE TABLE gpus AS
SELECT unnest(from_json(getvariable('gpus'), '[{
  "name": "VARCHAR", "vendor": "VARCHAR", "form_factor": "VARCHAR", "year": "INTEGER",
  "memory_gib": "DOUBLE", "memory_type": "VARCHAR", "memory_bandwidth_gb_s": "DOUBLE",
  "fp16_tflops": "DOUBLE", "fp8_tflops": "DOUBLE", "fp4_tflops": "DOUBLE", "int8_tops": "DOUBLE", "architecture": "VARCHAR", "tdp_w": "DOUBLE", "segment": "VARCHAR", "ecc": "BOOLEAN", "source": "VARCHAR"
}]'), recursive := true);
COMMENT ON TABLE gpus IS 'GPUs of the catalogue, with what their makers say of them.';
COMMENT ON COLUMN gpus.form_factor IS 'How it is built in: PCIe, SXM, OAM or superchip; null where the name leaves it open.';
COMMENT ON COLUMN gpus.fp16_tflops IS 'FP16 or BF16 without sparsity, sums in 32 bits, TFLOPS; null when not stated.';

-- Keys and values take 2 x layers x kv_heads x head_dim numbers of 16 bits for each token of context.
CREATE TABLE models AS
SELECT
  name, family, parameters, coalesce(active_parameters, parameters) AS active_parameters, context_length,
  2 * layers * kv_heads * head_dim * 2 AS kv_bytes_per_token, quantization, sizes_gb[quantization] AS size_gb, sizes_gb, source
FROM (
  SELECT unnest(from_json(getvariable('models'), '[{
    "name": "VARCHAR", "family": "VARCHAR", "parameters": "BIGINT", "active_parameters": "BIGINT", "context_length": "BIGINT",
    "layers": "BIGINT", "kv_heads": "BIGINT", "head_dim": "BIGINT", "quantization": "VARCHAR",
    "sizes_gb": "MAP(VARCHAR, DOUBLE)", "source": "VARCHAR"
  }]'), recursive := true)
);
COMMENT ON TABLE models IS 'Models of the catalogue: how large they are.';
COMMENT ON COLUMN models.active_parameters IS 'Parameters that one token uses; all of them unless it is a mixture of experts.';
COMMENT ON COLUMN models.kv_bytes_per_token IS 'Keys and values of one token of context at 16 bits, bytes.';
COMMENT ON COLUMN models.quantization IS 'Quantisation that the plain name stands for.';
COMMENT ON COLUMN models.size_gb IS 'Size of the weights in that quantisation, GB.';
