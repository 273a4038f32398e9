-- What runs below $0.50 an hour
-- bar: tokens_per_second, model_name
SELECT model_name, size_gb, gpu, provider, price_per_hour, rate_tokens_per_second AS tokens_per_second
FROM rankable
WHERE level = 1 AND price_per_hour < 0.5
QUALIFY row_number() OVER (PARTITION BY model_name ORDER BY rate_tokens_per_second DESC, id) = 1
ORDER BY tokens_per_second DESC;
