-- Tokens per dollar of every GPU, how many of it, provider and model: the best result of each.
WITH best AS (
  SELECT * FROM comparable WHERE tokens_per_dollar IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY gpu, gpu_count, provider, model_name ORDER BY tokens_per_dollar DESC, id) = 1
)
SELECT
  gpu, gpu_count, provider, model_name AS model, id, tokens_per_dollar, rate_tokens_per_second, price_per_hour, fits,
  tokens_per_dollar = max(tokens_per_dollar) OVER (PARTITION BY model_name) AS is_best
FROM best
ORDER BY parameters NULLS LAST, model, tokens_per_dollar DESC, gpu, gpu_count, provider;
