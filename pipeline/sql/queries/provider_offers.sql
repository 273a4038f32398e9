-- The same GPU, as many of it, and model at several providers: the best result of each. Spread: fastest less slowest request, beside the mean.
WITH best AS (
  SELECT * FROM comparable
  QUALIFY row_number() OVER (PARTITION BY gpu, gpu_count, model_name, provider ORDER BY tokens_per_dollar DESC NULLS LAST, rate_tokens_per_second DESC, id) = 1
)
SELECT
  gpu, gpu_count, model_name AS model, provider, id, rate_tokens_per_second, price_per_hour, tokens_per_dollar,
  min_tokens_per_second, max_tokens_per_second,
  100 * (max_tokens_per_second - min_tokens_per_second) / avg_tokens_per_second AS spread_pct,
  fits
FROM best
QUALIFY count(*) OVER (PARTITION BY gpu, gpu_count, model_name) > 1
ORDER BY parameters NULLS LAST, model, gpu, gpu_count, tokens_per_dollar DESC NULLS LAST, provider;
