-- Price against speed
-- dot: price_per_hour, tokens_per_second
SELECT model_name, gpu, provider, price_per_hour, rate_tokens_per_second AS tokens_per_second
FROM rankable
WHERE level = 1 AND price_per_hour IS NOT NULL
ORDER BY price_per_hour, tokens_per_second DESC;
