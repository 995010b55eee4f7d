// y[i] = scale * x[i] + bias[i] (absent: 0) + first + (i, as a 64-bit number, times step)
KERNEL(64) void combine(
        BUFFER(const float, x), BUFFER(const float, bias), BUFFER(float, y), int count, long step, float scale) {
    POINTER(const float, x);
    POINTER(const float, bias);
    POINTER(float, y);
    int i = (int)get_global_id(0);
    if (i < count) {
        y[i] = scale * x[i] + (bias_base ? bias[i] : 0.0f) + (float)(i * step / 4294967296L);
    }
}

// Where each group ran: x + 100 * y + 10000 * z
KERNEL(32) void places(BUFFER(int, y)) {
    POINTER(int, y);
    if (get_local_id(0) == 31) {
        int group = (int)(get_group_id(0) + get_num_groups(0) * (get_group_id(1) + get_num_groups(1) * get_group_id(2)));
        y[group] = (int)(get_group_id(0) + 100 * get_group_id(1) + 10000 * get_group_id(2));
    }
}
