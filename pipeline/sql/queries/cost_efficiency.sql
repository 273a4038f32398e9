-- Tokens per dollar of every GPU, provider and model: the best result of each.
SELECT
  gpu, provider, model_name AS model, max(tokens_per_dollar) AS tokens_per_dollar,
  arg_max(rate_tokens_per_second, tokens_per_dollar) AS rate_tokens_per_second,
  arg_max(price_per_hour, tokens_per_dollar) AS price_per_hour,
  arg_max(id, tokens_per_dollar) AS id,
  arg_max(fits, tokens_per_dollar) AS fits,
  max(tokens_per_dollar) = max(max(tokens_per_dollar)) OVER (PARTITION BY model_name) AS is_best
FROM comparable
WHERE tokens_per_dollar IS NOT NULL
GROUP BY gpu, provider, model_name
ORDER BY any_value(parameters) NULLS LAST, model, tokens_per_dollar DESC, gpu, provider;
