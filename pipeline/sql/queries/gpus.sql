-- What is known of each GPU: its maker's figures, prices, the models it leads in, its largest model, those that do not fit, and
-- how far its providers lie apart: all of it of machines with one GPU. Prices are of one GPU of any machine. Lists are JSON.
WITH results AS (
  SELECT * FROM comparable WHERE gpu_count <= 1
),
-- The best of each GPU for each model that it holds, and the best of the other GPUs.
own AS (
  SELECT
    gpu, model_name AS model, any_value(parameters) AS parameters,
    max(rate_tokens_per_second) AS rate, max(tokens_per_dollar) AS tokens_per_dollar,
    first(price_per_hour ORDER BY tokens_per_dollar DESC NULLS LAST, id) AS price,
    first(provider ORDER BY tokens_per_dollar DESC NULLS LAST, id) AS provider
  FROM results WHERE holds GROUP BY ALL
),
beside AS (
  SELECT
    own.*, max(other.rate) AS next_rate, first(other.gpu ORDER BY other.rate DESC, other.gpu) AS next_gpu,
    max(other.tokens_per_dollar) AS next_tokens_per_dollar,
    own.model IN (SELECT model_name FROM results WHERE NOT holds) AS too_large_elsewhere
  FROM own LEFT JOIN own AS other ON other.model = own.model AND other.gpu <> own.gpu
  GROUP BY ALL
),
leads AS (
  SELECT
    gpu,
    list({model: model, rate: rate, ratio: rate / next_rate, next_gpu: next_gpu} ORDER BY parameters, model)
      FILTER (rate > next_rate) AS fastest_for,
    list({
      model: model, tokens_per_dollar: tokens_per_dollar, price: price, provider: provider,
      ratio: tokens_per_dollar / next_tokens_per_dollar
    } ORDER BY parameters, model)
      FILTER (tokens_per_dollar > next_tokens_per_dollar) AS cheapest_for,
    list({
      model: model, rate: rate, tokens_per_dollar: tokens_per_dollar, too_large_elsewhere: too_large_elsewhere
    } ORDER BY parameters, model) FILTER (next_rate IS NULL) AS alone_for,
    first({model: model, parameters: parameters, rate: rate} ORDER BY parameters DESC NULLS LAST, model) AS largest,
    count(*) AS models
  FROM beside GROUP BY ALL
),
too_large AS (
  SELECT gpu, list({model: model, rate: rate, needed: needed, available: available} ORDER BY needed, model) AS too_large
  FROM (
    SELECT
      gpu, model_name AS model, max(rate_tokens_per_second) AS rate, max(memory_needed_gib) AS needed,
      max(memory_available_gib) AS available
    FROM results WHERE NOT holds GROUP BY ALL
  ) GROUP BY ALL
),
by_provider AS (
  SELECT gpu, model_name AS model, provider, max(rate_tokens_per_second) AS rate FROM results WHERE holds GROUP BY ALL
),
gaps AS (
  SELECT one.gpu, first({model: one.model, faster: one.provider, slower: other.provider, ratio: one.rate / other.rate}
    ORDER BY one.rate / other.rate DESC, one.model, one.provider, other.provider) AS provider_gap
  FROM by_provider AS one JOIN by_provider AS other ON other.gpu = one.gpu AND other.model = one.model AND one.rate > other.rate
  GROUP BY ALL
),
seen AS (
  SELECT
    gpu, count(*) AS benchmarks, min(price_per_hour / greatest(gpu_count, 1)) AS min_price_per_hour,
    max(price_per_hour / greatest(gpu_count, 1)) AS max_price_per_hour,
    list_sort(list(DISTINCT provider)) AS providers, max(memory_available_gib / greatest(gpu_count, 1)) AS memory_told_gib
  FROM comparable GROUP BY ALL
)
SELECT
  seen.* EXCLUDE (memory_told_gib), coalesce(gpus.memory_gib, memory_told_gib) AS memory_gib, memory_type, memory_bandwidth_gb_s,
  vendor, form_factor, year, fp16_tflops, fp8_tflops, fp4_tflops, int8_tops, architecture, tdp_w, segment, ecc, gpus.source,
  min_price_per_hour / min(min_price_per_hour) OVER () AS price_beside_lowest,
  to_json({
    fastest_for: coalesce(fastest_for, []), cheapest_for: coalesce(cheapest_for, []), alone_for: coalesce(alone_for, []),
    largest: largest, models: coalesce(models, 0), too_large: coalesce(too_large, []), provider_gap: provider_gap
  }) AS facts
FROM seen
LEFT JOIN gpus ON gpus.name = gpu
LEFT JOIN leads USING (gpu) LEFT JOIN too_large USING (gpu) LEFT JOIN gaps USING (gpu)
ORDER BY memory_gib DESC NULLS LAST, memory_bandwidth_gb_s DESC NULLS LAST, gpu;
