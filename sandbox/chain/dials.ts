/** No block is begun while this dial is 1. */
export const PAUSED = 0;
/** The base fee of each block to come, in gwei; 0: Arc's floor. */
export const BASE_FEE_GWEI = 1;
