"""Parts of the work, each a process of its own: ``python -m benchmarks.parts.NAME …``. They time themselves, without imports, but for one."""
