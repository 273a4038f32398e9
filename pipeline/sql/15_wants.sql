-- What people want a GPU for: a size of model or a use, and the aim. A model belongs to it by its number of parameters.
CREATE VIEW wants AS
SELECT row_number() OVER () AS position, *
FROM (VALUES
  ('size', '1.5B to 4B', 'budget', 0, 5e9),
  ('size', '1.5B to 4B', 'performance', 0, 5e9),
  ('size', '7B', 'budget', 5e9, 10e9),
  ('size', '7B', 'performance', 5e9, 10e9),
  ('size', '14B', 'budget', 10e9, 20e9),
  ('size', '14B', 'performance', 10e9, 20e9),
  ('size', '32B', 'budget', 20e9, 50e9),
  ('size', '32B', 'performance', 20e9, 50e9),
  ('size', '70B', 'budget', 50e9, 1e15),
  ('size', '70B', 'performance', 50e9, 1e15),
  ('use', 'Development, small models', 'budget', 0, 5e9),
  ('use', 'Development, medium models', 'budget', 5e9, 20e9),
  ('use', 'Production, models under 24 GB', 'balance', 5e9, 20e9),
  ('use', 'Production, 32B to 70B', 'balance', 20e9, 1e15),
  ('use', 'High throughput, 70B and more', 'performance', 50e9, 1e15)
) AS wants(kind, name, aim, from_parameters, below_parameters);

-- Results at concurrency 1 that may be compared over models: real weights, with the number of parameters. A machine is told apart by its
-- GPU and how many of it; where nothing tells their number it has one.
CREATE VIEW comparable AS
SELECT
  id, gpu, coalesce(gpu_count, 1) AS gpu_count, provider, model_name, price_per_hour, rate_tokens_per_second, tokens_per_dollar, avg_tokens_per_second,
  min_tokens_per_second, max_tokens_per_second, memory_needed_gib, memory_available_gib, fits, coalesce(fits, true) AS holds,
  coalesce(parameter_count, models.parameters) AS parameters
FROM rankable LEFT JOIN models ON models.name = model_name
WHERE level = 1 AND weights = 'real';
