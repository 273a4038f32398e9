// PURE. Units of memory: providers and makers count in GiB, matrices and downloads in GB.

/** Bytes of a GiB. */
export const GIB = 2 ** 30;
export const GB_PER_GIB = GIB / 1e9;
