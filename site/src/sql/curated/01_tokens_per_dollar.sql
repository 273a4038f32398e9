-- Most tokens per dollar, for each model
-- bar: tokens_per_dollar, model_name
SELECT model_name, gpu, provider, price_per_hour, tokens_per_dollar, cost_per_million_tokens
FROM rankable
WHERE level = 1 AND tokens_per_dollar IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY model_name ORDER BY tokens_per_dollar DESC, id) = 1
ORDER BY tokens_per_dollar DESC;
