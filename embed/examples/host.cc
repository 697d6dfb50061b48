// A C++ program: the handle in an owner, errors as exceptions, a member function that Python calls.

#include <pypy_embed.h>

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{

class Error : public std::runtime_error
{
  public:
    explicit Error(char *text) : std::runtime_error(text) { pypy_embed_free_text(text); }
};

class Python
{
  public:
    explicit Python(const pypy_embed_config &config)
    {
        char *error;
        if (pypy_embed_load(&config, &pypy_, &error))
            throw Error(error);
        if (pypy_embed_start(pypy_, &error)) {
            pypy_embed_free(&pypy_);
            throw Error(error);
        }
    }

    ~Python()
    {
        pypy_embed_end(pypy_, nullptr);
        pypy_embed_free(&pypy_);
    }

    Python(const Python &) = delete;
    Python &operator=(const Python &) = delete;

    void exec(const std::string &source, const char *name)
    {
        char *error;
        if (pypy_embed_exec(pypy_, source.c_str(), name, nullptr, &error))
            throw Error(error);
    }

    std::string call(const char *name, const std::vector<pypy_embed_value> &args)
    {
        pypy_embed_value result;
        char *error;
        if (pypy_embed_call(pypy_, name, args.data(), args.size(), &result, &error))
            throw Error(error);
        std::string text(result.data ? result.data : "", result.len);
        pypy_embed_clear(&result);
        pypy_embed_release(pypy_, &result);
        return text;
    }

    pypy_embed *get() { return pypy_; }

  private:
    pypy_embed *pypy_ = nullptr;
};

class Log
{
  public:
    explicit Log(Python &python)
    {
        char *error;
        if (pypy_embed_register(python.get(), "log", enter, this, &error))
            throw Error(error);
    }

    const std::vector<std::string> &lines() const { return lines_; }

  private:
    // No exception may leave a function that PyPy calls: it cannot pass through PyPy's frames.
    static int enter(void *context, const pypy_embed_value *args, size_t count,
                     pypy_embed_value *ret_result) noexcept
    {
        try {
            static_cast<Log *>(context)->add(args, count);
            return 0;
        } catch (const std::exception &problem) {
            const std::string what = problem.what();
            pypy_embed_copy(ret_result, PYPY_EMBED_STR, what.data(), what.size());
            return -1;
        }
    }

    void add(const pypy_embed_value *args, size_t count)
    {
        if (count != 1 || args[0].kind != PYPY_EMBED_STR)
            throw std::invalid_argument("log() takes one text");
        lines_.emplace_back(args[0].data, args[0].len);
    }

    std::vector<std::string> lines_;
};

const char *const source = R"(
import pypy_embed

def shout(text):
    pypy_embed.log("asked to shout " + text)
    return text.upper() + "!"

def misuse():
    try:
        pypy_embed.log(1, 2)
    except pypy_embed.Error as error:
        return "C++ said: %s" % error

def fail():
    raise LookupError("nothing here")
)";

} // namespace

int
main()
{
    try {
        Python python{pypy_embed_config{}};
        Log log{python};
        python.exec(source, "shout.py");
        std::cout << python.call("shout", {pypy_embed_str("snake")}) << std::endl;
        std::cout << python.call("misuse", {}) << std::endl;
        for (const std::string &line : log.lines())
            std::cout << "log: " << line << std::endl;
        try {
            python.call("fail", {});
        } catch (const Error &error) {
            std::cout << error.what() << std::endl;
        }
        return 0;
    } catch (const Error &error) {
        std::cerr << error.what() << std::endl;
        return 1;
    }
}
