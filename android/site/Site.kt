package org.hazel.wallet

import java.io.File
import java.net.ServerSocket
import java.nio.file.Path
import kotlin.concurrent.thread

/** For the tests of library and app: a site that really runs, the program `hazel`, which lies beside the library, in a process of its own. */
class Site(folder: Path) : AutoCloseable {
    private val program = File(System.getProperty("jna.library.path"), "hazel").path
    private val place = folder.resolve("site").toString()
    private var process: Process? = null

    /** The site's key, by which it is named. */
    val name: String

    init {
        val port = ServerSocket(0).use { it.localPort }
        name = said("key", "init", "--host", "127.0.0.1", "--listen", "127.0.0.1:$port", "--pages", "127.0.0.1:0")
        start()
    }

    /** Serves when it returns. */
    fun start() {
        val begun = ProcessBuilder(program, "site", "run", "--site", place).redirectOutput(ProcessBuilder.Redirect.DISCARD).start()
        process = begun
        // Its first line says that it serves; the others are read, so that it never waits for a reader.
        val lines = begun.errorStream.bufferedReader()
        val first = lines.readLine().orEmpty()
        check("\"serving\"" in first) { first }
        thread(isDaemon = true) { runCatching { lines.forEachLine {} } }
    }

    /** Killed, as by a cut of its power. */
    fun stop() {
        process?.destroyForcibly()?.waitFor()
    }

    override fun close() = stop()

    /** A ticket, good once. */
    fun ticket(user: String): String = said("ticket", "invite", user)

    /** What the program says under that name. */
    private fun said(name: String, vararg arguments: String): String {
        val asked = ProcessBuilder(program, "site", "--json", "--site", place, *arguments).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val text = asked.inputStream.bufferedReader().readText()
        return checkNotNull(Regex("\"$name\"\\s*:\\s*\"([^\"]+)\"").find(text)) { text }.groupValues[1]
    }
}
