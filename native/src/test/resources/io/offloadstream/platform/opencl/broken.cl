KERNEL(64) void broken(BUFFER(float, y)) {
    POINTER(float, y);
    y[get_global_id(0)] = undeclared_name;
}
