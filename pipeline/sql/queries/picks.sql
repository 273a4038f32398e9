-- For every want the GPU, how many of it, and the provider to take, among results that have the model wholly in GPU memory, and the next best GPU.
-- budget: most tokens per dollar · performance: most tokens/s · balance: for each model of the want the speed beside the
-- fastest times the tokens per dollar beside the most, 0 where it was not measured or does not fit, averaged over the models.
WITH candidates AS (
  SELECT
    wants.*, gpu, gpu_count, provider, id, model_name, rate_tokens_per_second, price_per_hour, tokens_per_dollar,
    rate_tokens_per_second / max(rate_tokens_per_second) OVER own_model
      * tokens_per_dollar / max(tokens_per_dollar) OVER own_model AS balance
  FROM wants JOIN comparable ON parameters >= from_parameters AND parameters < below_parameters
  WHERE holds AND price_per_hour IS NOT NULL
  WINDOW own_model AS (PARTITION BY position, model_name)
),
best_of_model AS (
  SELECT *, CASE aim WHEN 'budget' THEN tokens_per_dollar WHEN 'performance' THEN rate_tokens_per_second ELSE balance END AS score
  FROM candidates
  QUALIFY row_number() OVER (PARTITION BY position, gpu, gpu_count, provider, model_name ORDER BY score DESC, id) = 1
),
model_counts AS (
  SELECT position, count(DISTINCT model_name) AS models FROM candidates GROUP BY ALL
),
scored AS (
  SELECT
    position, kind, name, aim, gpu, gpu_count, provider, any_value(models) AS models, count(*) AS models_measured,
    if(aim = 'balance', sum(score) / any_value(models), max(score)) AS score,
    first(id ORDER BY score DESC, id) AS id, first(model_name ORDER BY score DESC, id) AS model,
    first(rate_tokens_per_second ORDER BY score DESC, id) AS rate_tokens_per_second,
    first(price_per_hour ORDER BY score DESC, id) AS price_per_hour,
    first(tokens_per_dollar ORDER BY score DESC, id) AS tokens_per_dollar
  FROM best_of_model JOIN model_counts USING (position)
  GROUP BY position, kind, name, aim, gpu, gpu_count, provider
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY position ORDER BY score DESC, price_per_hour, gpu, gpu_count, provider) AS place FROM scored
),
next AS (
  SELECT other.position, first(other.gpu ORDER BY other.place) AS next_gpu,
    first(other.gpu_count ORDER BY other.place) AS next_gpu_count, first(other.model ORDER BY other.place) AS next_model,
    max(other.score) AS next_score
  FROM ranked AS other JOIN ranked AS first ON first.position = other.position AND first.place = 1
    AND (first.gpu, first.gpu_count) <> (other.gpu, other.gpu_count)
  GROUP BY ALL
),
-- What the source of the published results recommends, with the best figures for that GPU and want.
published AS (
  SELECT
    wants.position, any_value(picks.gpu) AS published_gpu, any_value(picks.provider) AS published_provider,
    max(rate_tokens_per_second) AS published_rate, max(tokens_per_dollar) AS published_tokens_per_dollar,
    bool_and(NOT holds) AS published_too_large
  FROM published_picks AS picks
  JOIN wants ON wants.name = picks.want AND wants.aim = picks.aim
  LEFT JOIN comparable
    ON comparable.gpu = picks.gpu AND comparable.gpu_count = 1 AND comparable.provider = picks.provider
    AND parameters >= from_parameters AND parameters < below_parameters
  GROUP BY ALL
)
SELECT ranked.* EXCLUDE (place), next.* EXCLUDE (position), published.* EXCLUDE (position)
FROM ranked LEFT JOIN next USING (position) LEFT JOIN published USING (position)
WHERE place = 1
ORDER BY position;
