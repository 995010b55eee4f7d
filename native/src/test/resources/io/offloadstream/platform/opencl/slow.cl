// Counts slowly: rounds of a chain that no compiler shortens; adds 1 to every element of y at its end
KERNEL(64) void count_slowly(BUFFER(uint, y), int rounds) {
    POINTER(uint, y);
    uint i = (uint)get_global_id(0);
    uint value = i;
    for (int r = 0; r < rounds; r++) {
        value = value * 1664525u + 1013904223u;
    }
    y[i] += value == 0xFFFFFFFFu && rounds < 0 ? 2u : 1u;
}
