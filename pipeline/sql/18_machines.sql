-- Every machine that was wished for, so that what providers deliver can be asked of SQL.

CREATE TABLE machines (
  id VARCHAR, run_id VARCHAR, lease_id VARCHAR, session_id VARCHAR, provider VARCHAR, offer_id VARCHAR, host VARCHAR, location VARCHAR,
  gpu VARCHAR, gpu_count INTEGER, price_per_hour DOUBLE, state VARCHAR, started_at TIMESTAMP, ended_at TIMESTAMP, total_cost DOUBLE,
  end_code VARCHAR, end_reason VARCHAR, refused BOOLEAN, download_mbps DOUBLE,
  canary_engine VARCHAR, canary_model VARCHAR, canary_seconds DOUBLE, canary_tokens_per_second DOUBLE, memory_bandwidth_gb_s DOUBLE,
  power_limit_w DOUBLE, power_default_limit_w DOUBLE, pcie_generation INTEGER, pcie_width INTEGER,
  findings STRUCT("check" VARCHAR, value DOUBLE, "limit" DOUBLE, unit VARCHAR, verdict VARCHAR)[], simulated BOOLEAN
);
COMMENT ON TABLE machines IS 'Every machine of every run: what it cost, what its first minutes showed, and why it was given back.';
COMMENT ON COLUMN machines.id IS 'Our name of the machine; it begins with its run.';
COMMENT ON COLUMN machines.lease_id IS 'Lease that it worked for.';
COMMENT ON COLUMN machines.session_id IS 'The provider''s id of the machine; null when it was never made.';
COMMENT ON COLUMN machines.provider IS 'Who lends the machine.';
COMMENT ON COLUMN machines.offer_id IS 'The provider''s id of the offer.';
COMMENT ON COLUMN machines.host IS 'The provider''s stable name of the host; null where it tells none.';
COMMENT ON COLUMN machines.gpu IS 'GPU that was offered.';
COMMENT ON COLUMN machines.gpu_count IS 'Number of GPUs that were offered.';
COMMENT ON COLUMN machines.price_per_hour IS 'Price of the whole machine, US dollars per hour.';
COMMENT ON COLUMN machines.state IS 'What has become of it: gone at its proven end, not_created when the provider made none.';
COMMENT ON COLUMN machines.started_at IS 'When it was wished for.';
COMMENT ON COLUMN machines.ended_at IS 'When its end was proven.';
COMMENT ON COLUMN machines.total_cost IS 'What it cost, US dollars.';
COMMENT ON COLUMN machines.end_code IS 'Why it was given back: done, stopped, orphan, or a reason of the method page''s list; null while it is there.';
COMMENT ON COLUMN machines.end_reason IS 'The same in words.';
COMMENT ON COLUMN machines.refused IS 'Given back for what its setup found, before anything was measured on it: another GPU, no driver, slow memory.';
COMMENT ON COLUMN machines.download_mbps IS 'Speed of all models that were pulled onto it, Mbit/s.';
COMMENT ON COLUMN machines.canary_engine IS 'Engine of its canary; null when it came to none.';
COMMENT ON COLUMN machines.canary_model IS 'Model that its canary decoded with.';
COMMENT ON COLUMN machines.canary_seconds IS 'How long its canary took, s.';
COMMENT ON COLUMN machines.canary_tokens_per_second IS 'Decoding speed of one request with that model, tokens/s.';
COMMENT ON COLUMN machines.memory_bandwidth_gb_s IS 'Weights that it read a second for that: tokens/s x bytes of the weights, GB/s.';
COMMENT ON COLUMN machines.power_limit_w IS 'Power limit in force of the GPU that is limited most, W.';
COMMENT ON COLUMN machines.power_default_limit_w IS 'Its default, W.';
COMMENT ON COLUMN machines.pcie_generation IS 'PCIe generation while the GPU decoded.';
COMMENT ON COLUMN machines.pcie_width IS 'PCIe lanes while the GPU decoded.';
COMMENT ON COLUMN machines.findings IS 'Numbers of its canary against their limits; verdict: passed, noted, refused or not_measured.';
COMMENT ON COLUMN machines.simulated IS 'True when it was one of a simulated cloud.';
