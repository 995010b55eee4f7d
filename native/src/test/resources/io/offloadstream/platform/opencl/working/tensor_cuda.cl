#error for CUDA alone
