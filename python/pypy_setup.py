"""The setup file: says by which functions the PyPy plugin does its work.

It runs once, in the process that loads the application, before anything is loaded. A setup file of
your own (--pypy-setup FILE) may begin with `import pypy_setup`, which does all that is below, and
then set the hooks that shall be different. docs/guide/setup-file.md; the hooks are described in
bask_pypy/hooks.py: bask --print-sym hooks
"""
from bask_pypy import applications, loaders, paste, runtime, scripts, shell, stacks, stock, wsgi
from bask_pypy.hooks import hooks

hooks.pythonpath = runtime.add_paths
hooks.execute_source = scripts.execute_source
hooks.execute_file = scripts.execute_file
hooks.importer = scripts.import_name
hooks.alias = scripts.alias
hooks.loader = loaders.load_any
hooks.file_loader = loaders.load_any_file
hooks.source_loader = loaders.load_source
hooks.paste_loader = paste.load
hooks.pecan_loader = loaders.load_pecan
hooks.application = stock.admit
hooks.no_application = applications.no_application
hooks.request = wsgi.Server
hooks.post_fork = stock.run_post_fork_hook
hooks.signal = stock.run_signal_handler
hooks.rpc = stock.run_function
hooks.shell = shell.interact
hooks.log_threads = stacks.describe
