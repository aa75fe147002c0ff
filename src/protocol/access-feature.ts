/** In `supported_features` of a kernel (`kernel_info_reply`): it answers requests about access, `curve_…_request` on control. */
export const ACCESS_FEATURE = 'curve access';
