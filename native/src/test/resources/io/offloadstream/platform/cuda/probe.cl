// y[i] = scale * x[i] + bias[i] (absent: 0) + group in y times step / 2^32
KERNEL(64) void combine(
        BUFFER(const float, x), BUFFER(const float, bias), BUFFER(float, y), int count, INT64 step, float scale) {
    POINTER(const float, x);
    POINTER(const float, bias);
    POINTER(float, y);
    int i = GROUP_X * THREADS + THREAD;
    if (i < count) {
        float added = IS_NULL(bias) ? 0.0f : bias[i];
        y[(INT64)GROUP_Y * count + i] = FMA(scale, x[i], added) + (float)(GROUP_Y * step / 4294967296);
    }
}
