package org.hazel.wallet

import java.io.File
import java.security.MessageDigest
import org.hazel.bridge.HazelException
import org.hazel.bridge.checkWords
import org.hazel.bridge.formatAmount
import org.hazel.bridge.parseAmount
import org.hazel.lab.agreeWith
import org.hazel.lab.checkSignature
import org.hazel.lab.decode
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test

/** The files that every language reads: the same answers, and the same names of errors, as in Rust. */
class VectorsTest {
    @Test
    fun `what must be read is read and written again as the same bytes`() {
        val all = vectors("accepted")
        val wrong = all.filter { entry ->
            val bytes = hex(entry["bytes"]!!)
            val hash = hex(MessageDigest.getInstance("SHA-256").digest(bytes))
            hash != entry["hash"] || !decode(entry["object"]!!, bytes).contentEquals(bytes)
        }
        assertEquals(emptyList<Any>(), wrong.map { it["name"] })
        assertTrue(all.size > 150, "${all.size} objects")
    }

    @Test
    fun `what must be refused is refused by its name and in its words`() {
        val all = vectors("refused")
        val wrong = all.mapNotNull { entry ->
            val refused = caught { decode(entry["object"]!!, hex(entry["bytes"]!!)) }
            val said = refused?.let { it.code to it.trouble.detail }
            if (said == entry["code"] to entry["text"]) null else "${entry["name"]}: $said, not ${entry["code"]}"
        }
        assertEquals(emptyList<String>(), wrong.take(20))
        assertTrue(all.size > 2_500, "${all.size} objects")
    }

    @Test
    fun `signatures hold, or are refused by the same name`() {
        val all = vectors("curve")
        val wrong = all.mapNotNull { entry ->
            val refused = caught { checkSignature(hex(entry["key"]!!), hex(entry["digest"]!!), hex(entry["signature"]!!)) }
            if (refused?.code == entry["code"]) null else "${entry["name"]}: ${refused?.code}, not ${entry["code"]}"
        }
        assertEquals(emptyList<String>(), wrong)
        assertTrue(all.size > 100, "${all.size} signatures")
    }

    @Test
    fun `nothing is agreed with a key of low order`() {
        val all = vectors("agreement")
        assertEquals(List(all.size) { "weak_key" }, all.map { caught { agreeWith(hex(it["key"]!!)) }?.code })
    }

    @Test
    fun `what people type is read the same`() {
        val wrong = vectors("texts").mapNotNull { entry ->
            val text = entry["text"]!!
            val said = try {
                when (entry["object"]) {
                    "amount" -> formatAmount(parseAmount(text))
                    "words" -> checkWords(text).let { entry["read"] }
                    else -> return@mapNotNull null
                }
            } catch (refused: HazelException) {
                refused.trouble.detail
            }
            if (said == (entry["read"] ?: entry["error"])) null else "$entry: $said"
        }
        assertEquals(emptyList<String>(), wrong)
    }

    private fun caught(call: () -> Unit): HazelException? = try {
        call()
        null
    } catch (refused: HazelException) {
        refused
    }

    private fun vectors(name: String): List<Map<String, String>> {
        val file = File(System.getProperty("hazel.vectors"), "$name.json")
        return file.readLines().filter { it.startsWith("{") }.map { record(it.trimEnd(',')) }
    }
}

internal fun hex(text: String): ByteArray = text.chunked(2).map { it.toInt(16).toByte() }.toByteArray()

internal fun hex(bytes: ByteArray): String = bytes.joinToString("") { "%02x".format(it) }

/** One flat record of the files: texts only; what is nested is left out. */
internal fun record(line: String): Map<String, String> {
    val found = mutableMapOf<String, String>()
    var at = 1
    fun text(): String {
        check(line[at++] == '"')
        val out = StringBuilder()
        while (line[at] != '"') {
            val letter = line[at++]
            if (letter != '\\') out.append(letter) else when (val escaped = line[at++]) {
                'n' -> out.append('\n')
                't' -> out.append('\t')
                'r' -> out.append('\r')
                'u' -> { out.append(line.substring(at, at + 4).toInt(16).toChar()); at += 4 }
                else -> out.append(escaped)
            }
        }
        at++
        return out.toString()
    }
    while (line[at] != '}') {
        if (line[at] == ',') at++
        val name = text()
        check(line[at++] == ':')
        when (line[at]) {
            '"' -> found[name] = text()
            '{' -> {
                var depth = 0
                do { when (line[at++]) { '{' -> depth++; '}' -> depth-- } } while (depth > 0)
            }
            else -> fail<Unit>("unexpected in a vector: ${line.substring(at).take(20)}")
        }
    }
    return found
}
