-- The limits that are asked for: a tier by its name, limits of one's own, or without any of them all tiers.
SELECT tier, most_ttft_ms AS ttft_ms, most_tpot_ms AS tpot_ms
FROM slo_tiers
WHERE tier = $tier OR ($tier::VARCHAR IS NULL AND $ttft_ms::DOUBLE IS NULL AND $tpot_ms::DOUBLE IS NULL)
UNION ALL
SELECT NULL, $ttft_ms::DOUBLE, $tpot_ms::DOUBLE WHERE $ttft_ms::DOUBLE IS NOT NULL OR $tpot_ms::DOUBLE IS NOT NULL
ORDER BY tpot_ms, ttft_ms;
