"""Applications wait for a file that the test makes, in the server's working folder."""
import os
import time


def wait_for(name):
    deadline = time.time() + 30
    while not os.path.exists(name):
        if time.time() > deadline:
            raise TimeoutError("the test made no file %r" % name)
        time.sleep(0.002)


def make(name, text=""):
    """Appends: several processes may have something to say."""
    with open(name, "a") as file:
        file.write(text)
