-- Reasons for which a benchmark tells of its load generator, its tokens or its GPU otherwise than it should; 70_verdicts.sql takes
-- them over. Variable: foreign_gpus (list: GPU asked for, line break, GPU found).
-- Limits: 57_client.sql. What is not told, or does not apply, is null: it was not checked.

CREATE OR REPLACE TEMP TABLE client_verdicts AS
WITH found AS (
  SELECT
    client_signs.*, client_limits() AS most, coalesce(itl_ms[1], median_tpot_ms) AS median_itl_ms,
    cpu_pct / shards < client_limits().own_work_cpu_pct
      AND loop_lag_p99_ms > greatest(client_limits().starved_loop_lag_ms, median_itl_ms) AS is_stalled,
    wanted_gpu || chr(10) || (metadata ->> '$.hardware.gpu_name') AS gpu_pair
  FROM client_signs
  JOIN (SELECT directory, wanted_gpu, metadata FROM directories) USING (directory)
  LEFT JOIN (SELECT benchmark_id, itl_ms FROM inter_token) USING (benchmark_id)
),
crossed AS (
  SELECT benchmark_id, unnest([
    {code: 'client_bound', severity: 'fatal', value: chunks_per_second, "limit": late_chunks_per_second, unit: 'chunks/s, at which the calibration found the client late', crossed: if(ceiling_chunks_per_second IS NULL, NULL, coalesce(chunks_per_second >= late_chunks_per_second, false))},
    {code: 'client_bound', severity: 'fatal', value: loop_lag_p50_ms, "limit": greatest(most.median_loop_lag_ms, most.loop_lag_share_of_itl * median_itl_ms), unit: 'ms that the client''s event loop was late by its own work (median)', crossed: cpu_pct / shards >= most.own_work_cpu_pct AND loop_lag_p50_ms > greatest(most.median_loop_lag_ms, most.loop_lag_share_of_itl * median_itl_ms)},
    {code: 'client_bound', severity: 'fatal', value: loop_lag_p50_ms, "limit": greatest(most.starved_loop_lag_ms, median_itl_ms), unit: 'ms that the client''s event loop was kept from the processor (median)', crossed: cpu_pct / shards < most.own_work_cpu_pct AND loop_lag_p50_ms > greatest(most.starved_loop_lag_ms, median_itl_ms)},
    {code: 'client_bound', severity: 'fatal', value: loop_lag_p99_ms, "limit": greatest(most.p99_loop_lag_ms, median_itl_ms), unit: 'ms that the client''s event loop was late (p99)', crossed: if(window_seconds >= most.least_seconds, cpu_pct / shards >= most.own_work_cpu_pct AND loop_lag_p99_ms > greatest(most.p99_loop_lag_ms, median_itl_ms), NULL)},
    {code: 'client_bound', severity: 'fatal', value: heaped_pct, "limit": most.heaps_pct, unit: '% of the pieces heard in heaps, since stalls kept the client from the processor', crossed: if(window_seconds >= most.least_seconds, is_stalled AND heaped_pct > most.heaps_pct, NULL)},
    {code: 'co_tenant', severity: 'advisory', value: loop_lag_p99_ms, "limit": most.contended_loop_lag_ms, unit: 'ms that other programs kept the client from the processor (p99)', crossed: if(window_seconds >= most.least_seconds AND heaped_pct IS NOT NULL, cpu_pct / shards < most.own_work_cpu_pct AND loop_lag_p99_ms > most.contended_loop_lag_ms, NULL)},
    {code: 'client_bound', severity: 'fatal', value: cpu_pct / shards, "limit": most.cpu_pct, unit: '% of a core in use by each event loop of the client', crossed: cpu_pct / shards >= most.cpu_pct},
    {code: 'client_bound', severity: 'fatal', value: in_flight, "limit": most.in_flight_pct / 100 * level, unit: 'requests in flight on average', crossed: if(NOT is_open AND horizon_ns >= 1e9 * most.least_seconds AND interrupted = false AND total_errors = 0, in_flight < most.in_flight_pct / 100 * level, NULL)},
    {code: 'client_bound', severity: 'fatal', value: server_in_flight, "limit": (1 - most.server_in_flight_off_pct / 100) * client_at_scrapes, unit: 'requests in flight as the engine counted them', crossed: if(horizon_ns >= 1e9 * most.least_seconds AND scrapes >= most.least_scrapes, client_at_scrapes - server_in_flight > greatest(1, most.server_in_flight_off_pct / 100 * client_at_scrapes), NULL)},
    {code: 'co_tenant', severity: 'advisory', value: server_in_flight, "limit": (1 + most.server_in_flight_off_pct / 100) * client_at_scrapes, unit: 'requests in flight as the engine counted them', crossed: if(horizon_ns >= 1e9 * most.least_seconds AND scrapes >= most.least_scrapes, server_in_flight - client_at_scrapes > greatest(1, most.server_in_flight_off_pct / 100 * client_at_scrapes), NULL)},
    {code: 'schedule_lag', severity: 'fatal', value: p99_schedule_lag_ms, "limit": greatest(most.schedule_lag_ms, most.schedule_lag_share_of_ttft * median_ttft_ms), unit: 'ms from due to sent (p99)', crossed: if(is_open AND measured >= most.least_requests_on_schedule, p99_schedule_lag_ms > greatest(most.schedule_lag_ms, most.schedule_lag_share_of_ttft * median_ttft_ms), NULL)},
    {code: 'schedule_lag', severity: 'fatal', value: sent_pct, "limit": 100 - most.sent_off_pct, unit: '% of the requests due in the window were sent in it', crossed: if(is_open AND interrupted = false AND measured >= most.least_requests_on_schedule, abs(sent_pct - 100) > most.sent_off_pct, NULL)},
    {code: 'token_mismatch', severity: 'fatal', value: 100 * abs(server_tokens / greatest(all_tokens, 1) - 1), "limit": most.token_mismatch_pct, unit: '% between the tokens told and the engine''s own counter', crossed: if(all_failed = 0, abs(server_tokens - all_tokens) > most.token_mismatch_pct / 100 * all_tokens, NULL)},
    {code: 'token_mismatch', severity: 'fatal', value: 100 * frames_told / greatest(tokens_told, 1), "limit": 100 + most.token_mismatch_pct, unit: 'frames with text for every 100 tokens told', crossed: frames_told > (1 + most.token_mismatch_pct / 100) * tokens_told},
    {code: 'token_mismatch', severity: 'fatal', value: 100 * abs(recounted / greatest(tokens_recounted, 1) - 1), "limit": most.recount_mismatch_pct, unit: '% between the tokens told and those counted again', crossed: abs(recounted - tokens_recounted) > most.recount_mismatch_pct / 100 * tokens_recounted},
    {code: 'wrong_gpu', severity: 'fatal', value: 0, "limit": 1, unit: 'GPUs of the kind that was asked for', crossed: list_contains(getvariable('foreign_gpus'), gpu_pair)}
  ], recursive := true)
  FROM found
)
FROM crossed;
