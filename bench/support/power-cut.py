"""Cuts the power of a mounted file system: what was not synced is forgotten (FS_IOC_SHUTDOWN without a flush of the log)."""
import fcntl, os, struct, sys

FS_IOC_SHUTDOWN = 0x8004587D
NOLOGFLUSH = struct.pack("I", 2)

mount = os.open(sys.argv[1], os.O_RDONLY)
print("ready", flush=True)
sys.stdin.readline()
fcntl.ioctl(mount, FS_IOC_SHUTDOWN, NOLOGFLUSH)
print("cut", flush=True)
