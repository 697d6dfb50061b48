/*
 * What Java may ask of the server, under uWSGI's names. Needs no file at run time: the server has
 * these classes in itself. To compile against them: uwsgi.jar.
 */
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;

public class uwsgi {
    /** A function that takes and gives text; on its way it is UTF-8. */
    public interface RpcFunction {
        String function(String... args);
    }

    /** The same for bytes as they are. */
    public interface BinaryFunction {
        byte[] function(byte[]... args);
    }

    /** The server's options: text, a list of texts, or true. */
    public static final HashMap<String, Object> opt = new HashMap<>();

    private static final List<Object> functions = new ArrayList<>();

    private uwsgi() {}

    public static void register_rpc(String name, RpcFunction function) {
        register(name, function);
    }

    public static void register_rpc_binary(String name, BinaryFunction function) {
        register(name, function);
    }

    private static void register(String name, Object function) {
        byte[] key = bytes(name);
        if (function == null)
            throw new NullPointerException("a function is needed");
        if (key.length < 1 || key.length > 254)
            throw new IllegalArgumentException("the name of a function has 1 to 254 bytes");
        synchronized (functions) {
            functions.add(function);
            if (define(key, functions.size() - 1))
                return;
            functions.remove(functions.size() - 1);
        }
        throw new IllegalStateException("there are too many functions (--rpc-max)");
    }

    /** rpc(node, function, arguments...); node null or "" is this process. Null: no result. */
    public static String rpc(String... words) {
        if (words.length < 2)
            throw new IllegalArgumentException("rpc() needs a node and a function");
        byte[][] args = new byte[words.length - 2][];
        for (int i = 0; i < args.length; i++)
            args[i] = bytes(words[i + 2]);
        return text(rpc_binary(words[0], words[1], args));
    }

    /** call("function", ...) or call("function@host:port", ...) */
    public static String call(String name, String... arguments) {
        String[] words = new String[arguments.length + 2];
        int at = name.indexOf('@');
        words[0] = at < 0 ? "" : name.substring(at + 1);
        words[1] = at < 0 ? name : name.substring(0, at);
        System.arraycopy(arguments, 0, words, 2, arguments.length);
        return rpc(words);
    }

    public static byte[] rpc_binary(String node, String function, byte[]... args) {
        if (args.length > 254)
            throw new IllegalArgumentException("a function has at most 254 arguments");
        args = args.clone(); // what is checked is what is used, whatever other threads do
        for (byte[] arg : args)
            if (arg == null)
                throw new NullPointerException("an argument is null");
        return call_at(bytes(node == null ? "" : node), bytes(function), args);
    }

    /** The names of all functions of this process, in all languages. */
    public static String[] rpc_list() {
        List<String> names = new ArrayList<>();
        for (byte[] name; (name = name(names.size())) != null;)
            names.add(text(name));
        return names.toArray(new String[0]);
    }

    /** A line of the server's log. */
    public static void log(String line) {
        write_log(bytes(line));
    }

    /** Raises a signal of the server's. */
    public static void signal(int number) {
        String problem = text(raise(number));
        if (problem != null)
            throw new IllegalArgumentException(problem);
    }

    public static native int worker_id();

    public static native int pid();

    // The server's side. Texts are UTF-8: what JNI has for them is not.

    private static native boolean define(byte[] name, int number);

    private static native byte[] call_at(byte[] node, byte[] name, byte[][] arguments);

    private static native byte[] name(int number);

    private static native void write_log(byte[] line);

    private static native byte[] raise(int number);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    // What the server calls.

    private static byte[] invoke(int number, byte[][] args) {
        Object function;
        synchronized (functions) {
            function = functions.get(number);
        }
        if (function instanceof BinaryFunction)
            return ((BinaryFunction) function).function(args);
        String[] words = new String[args.length];
        for (int i = 0; i < args.length; i++)
            words[i] = text(args[i]);
        String result = ((RpcFunction) function).function(words);
        return result == null ? null : bytes(result);
    }

    /** Loads a class, and runs its main() if that is wanted. */
    private static void start(byte[] name, boolean is_main) throws Throwable {
        ClassLoader loader = ClassLoader.getSystemClassLoader();
        Thread.currentThread().setContextClassLoader(loader);
        Class<?> found = Class.forName(text(name).replace('/', '.'), true, loader);
        if (!is_main)
            return;
        Method main;
        Object[] arguments = {new String[0]};
        try {
            main = found.getDeclaredMethod("main", String[].class);
        } catch (NoSuchMethodException error) {
            main = found.getDeclaredMethod("main");
            arguments = new Object[0];
        }
        main.setAccessible(true);
        try {
            main.invoke(null, arguments);
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
    }

    private static void option(byte[] name, byte[] value) {
        Object now = value == null ? (Object) Boolean.TRUE : text(value);
        Object before = opt.get(text(name));
        if (before == null) {
            opt.put(text(name), now);
        } else if (before instanceof List) {
            @SuppressWarnings("unchecked")
            List<Object> values = (List<Object>) before;
            values.add(now);
        } else {
            opt.put(text(name), new ArrayList<>(Arrays.asList(before, now)));
        }
    }

    private static byte[] describe(Throwable error) {
        try {
            StringWriter out = new StringWriter();
            error.printStackTrace(new PrintWriter(out, true));
            return bytes(out.toString().trim());
        } catch (Throwable other) { // its own methods may fail, and memory may be short
            return bytes(error.getClass().getName() + ", which cannot say more: "
                + other.getClass().getName());
        }
    }
}
