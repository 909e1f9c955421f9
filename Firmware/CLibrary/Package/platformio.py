# Links the archive of the core that PlatformIO compiles for: the folder of src/ that -mcpu or the
# board's own name of its core is.
import os

Import("env", "projenv")  # noqa: F821: SCons gives both

sources = os.path.join(os.getcwd(), "src")
flags = [str(flag) for flag in env.get("CCFLAGS", [])]  # noqa: F821
names = [flag[len("-mcpu="):] for flag in flags if flag.startswith("-mcpu=")]
names += [env.BoardConfig().get(key, "") for key in ("build.cpu", "build.mcu")]  # noqa: F821
names = [name.split("+")[0] for name in names if name]
found = [name for name in names if os.path.exists(os.path.join(sources, name, "liboctet.a"))]
if not found:
    have = sorted(
        name for name in os.listdir(sources)
        if os.path.exists(os.path.join(sources, name, "liboctet.a")))
    raise SystemExit(
        "Octet: no library for %s, only for %s; make one with 'octet board library --boards'"
        % (" or ".join(names) or "this board", ", ".join(have)))
for each in (env, projenv):  # noqa: F821
    each.Append(LIBPATH=[os.path.join(sources, found[0])], LIBS=["octet"])
