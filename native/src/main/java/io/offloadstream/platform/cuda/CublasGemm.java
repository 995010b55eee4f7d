/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Reservation;
import io.offloadstream.platform.gpu.GpuGemm;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.ArrayList;
import java.util.List;

/**
 * cuBLAS by JNA. Its matrices are column by column, so that of the rows here it sees the
 * transposes. float32 is computed in float32 (pedantic: no environment variable turns TF32 on).
 */
final class CublasGemm implements GpuGemm {

    /** Names the file of the library, for machines where the system does not find it. */
    static final String PROPERTY = "offloadstream.libcublas";

    private static final int NEWEST_MAJOR = 13;
    private static final int OLDEST_MAJOR = 11;

    /** What NVIDIA recommends for Hopper, and more than any other card needs. */
    private static final long WORKSPACE_BYTES = 32L << 20;

    // Enums of cublas_api.h and library_types.h
    private static final int OP_N = 0;
    private static final int OP_T = 1;
    private static final int R_32F = 0;
    private static final int R_16F = 2;
    private static final int R_16BF = 14;
    private static final int COMPUTE_32F = 68;
    private static final int COMPUTE_32F_PEDANTIC = 69;
    private static final int DEFAULT_ALGORITHM = -1;

    /**
     * CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION: partial sums of 16-bit types stay float32.
     */
    private static final int FLOAT32_SUMS = 16;

    private static final int CONVERT_THREADS = 256;
    private static final int CONVERT_GROUPS_PER_PROCESSOR = 8;

    private final CudaContext context;
    private final NativeLibrary library;
    private final GpuKernel widen;
    private final GpuKernel narrow;
    private final int convertGroups;
    private final Memory scalars = new Memory(2L * Float.BYTES);
    private Pointer handle;
    private DeviceBuffer workspace;
    private Reservation reservation;

    /**
     * Opens cuBLAS.
     *
     * @param device the device, held until {@link #close}
     * @param budget what the library's memory is charged to, as measured
     * @throws DeviceException if there is no cuBLAS for the driver
     */
    CublasGemm(CudaDevice device, MemoryBudget budget) {
        context = device.context();
        library = find(context.library().version() / 1000);
        widen = device.modules().kernel("gemm_cuda", "widen");
        narrow = device.modules().kernel("gemm_cuda", "narrow");
        convertGroups = device.processors() * CONVERT_GROUPS_PER_PROCESSOR;
        scalars.setFloat(0, 1);
        scalars.setFloat(Float.BYTES, 0);
        boolean open = false;
        try {
            long free = device.heap().freeBytes();
            PointerByReference created = new PointerByReference();
            check(call("cublasCreate_v2", created), "cublasCreate_v2");
            handle = created.getValue();
            check(call("cublasSetMathMode", handle, FLOAT32_SUMS), "cublasSetMathMode");
            long taken = Math.max(free - device.heap().freeBytes(), 0);
            reservation = budget.reserve("cuBLAS", taken);
            workspace = device.heap().allocate(budget, "cuBLAS workspace", WORKSPACE_BYTES);
            open = true;
        } finally {
            if (!open) {
                close();
            }
        }
    }

    private static NativeLibrary find(int driverMajor) {
        List<String> names = new ArrayList<>();
        if (System.getProperty(PROPERTY) != null) {
            names.add(System.getProperty(PROPERTY));
        } else {
            for (int major = Math.min(driverMajor, NEWEST_MAJOR); major >= OLDEST_MAJOR; major--) {
                names.add(Platform.isWindows() ? "cublas64_" + major : "libcublas.so." + major);
            }
        }
        for (String name : names) {
            try {
                return NativeLibrary.getInstance(name);
            } catch (UnsatisfiedLinkError e) {
                // the next older one
            }
        }
        throw new DeviceException(
                "gemm=cublas: cuBLAS was not found (" + names + "); install it, or leave gemm out");
    }

    @Override
    public void multiply(
            DeviceStream stream,
            long x,
            long weight,
            DType type,
            int rows,
            int in,
            int out,
            long y,
            long yStride) {
        int code = code(type);
        context.use();
        // The workspace belongs to a stream: setting that takes the one that was set away
        Pointer target = new Pointer(((CudaStream) stream).handle().value());
        check(call("cublasSetStream_v2", handle, target), "cublasSetStream_v2");
        Pointer space = new Pointer(workspace.address());
        check(
                call("cublasSetWorkspace_v2", handle, space, WORKSPACE_BYTES),
                "cublasSetWorkspace_v2");
        Object[] arguments = {
            handle,
            OP_T,
            OP_N,
            out,
            rows,
            in,
            scalars,
            new Pointer(weight),
            code,
            in,
            new Pointer(x),
            code,
            in,
            scalars.share(Float.BYTES),
            new Pointer(y),
            R_32F,
            Math.toIntExact(yStride),
            type == DType.F32 ? COMPUTE_32F_PEDANTIC : COMPUTE_32F,
            DEFAULT_ALGORITHM
        };
        check(
                call("cublasGemmEx", arguments),
                "cublasGemmEx of " + rows + " rows by (" + out + ", " + in + ") in " + type);
    }

    @Override
    public void multiplyWidened(
            DeviceStream stream,
            long x,
            long weight,
            DType type,
            int rows,
            int in,
            int out,
            long y,
            long yStride,
            long scratch,
            long scratchBytes) {
        int widenedRows = (int) Math.min(out, scratchBytes / ((long) Float.BYTES * in));
        if (code(type) == R_32F || widenedRows == 0) {
            throw new IllegalArgumentException(
                    type + " weights of width " + in + " in " + scratchBytes + " bytes of scratch");
        }
        for (int begin = 0; begin < out; begin += widenedRows) {
            int count = Math.min(widenedRows, out - begin);
            long source = weight + (long) begin * in * Short.BYTES;
            convert(widen, source, scratch, (long) count * in, type, stream);
            long target = y + (long) begin * Float.BYTES;
            multiply(stream, x, scratch, DType.F32, rows, in, count, target, yStride);
        }
    }

    @Override
    public void multiplyNarrowed(
            DeviceStream stream,
            long x,
            long weight,
            DType type,
            int rows,
            int in,
            int out,
            long y,
            long yStride,
            long scratch,
            long scratchBytes) {
        int narrowedRows = (int) Math.min(rows, scratchBytes / ((long) Short.BYTES * in));
        if (code(type) == R_32F || narrowedRows == 0) {
            throw new IllegalArgumentException(
                    "rows of width " + in + " as " + type + " in " + scratchBytes + " bytes");
        }
        for (int begin = 0; begin < rows; begin += narrowedRows) {
            int count = Math.min(narrowedRows, rows - begin);
            long source = x + (long) begin * in * Float.BYTES;
            convert(narrow, source, scratch, (long) count * in, type, stream);
            long target = y + begin * yStride * Float.BYTES;
            multiply(stream, scratch, weight, type, count, in, out, target, yStride);
        }
    }

    private void convert(
            GpuKernel kernel,
            long source,
            long target,
            long elements,
            DType type,
            DeviceStream stream) {
        kernel.buffer(source)
                .buffer(target)
                .int64(elements)
                .int32(type.code())
                .launch(stream, convertGroups, 1, 1, CONVERT_THREADS);
    }

    private static int code(DType type) {
        return switch (type) {
            case F32 -> R_32F;
            case F16 -> R_16F;
            case BF16 -> R_16BF;
            default -> throw new IllegalArgumentException("cuBLAS does not multiply " + type);
        };
    }

    private int call(String function, Object... arguments) {
        return library.getFunction(function).invokeInt(arguments);
    }

    private void check(int status, String call) {
        if (status != 0) {
            throw new DeviceException(
                    library.getName() + ": " + call + " failed with cublasStatus_t " + status);
        }
    }

    @Override
    public void close() {
        context.makeCurrent();
        if (handle != null) {
            call("cublasDestroy_v2", handle);
            handle = null;
        }
        if (workspace != null) {
            workspace.close();
        }
        if (reservation != null) {
            reservation.close();
        }
        widen.close();
        narrow.close();
    }
}
