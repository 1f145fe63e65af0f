package org.hazel.app

import java.io.File
import java.nio.file.Path
import javax.xml.parsers.DocumentBuilderFactory
import org.hazel.bridge.Custody
import org.hazel.bridge.InvoiceState
import org.hazel.bridge.Side
import org.hazel.bridge.Stage
import org.hazel.bridge.Taken
import org.hazel.wallet.Blocker
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The texts of all languages, and whether what is shown can be read and heard. */
class SheetsTest {
    @Test
    fun `every text is there in each language, with the same words in it`() {
        val all = LANGUAGES.associateWith(::texts)
        val english = all.getValue("values")
        for ((language, texts) in all) {
            assertEquals(english.keys, texts.keys, language)
            for ((name, text) in texts) assertEquals(places(english.getValue(name)), places(text), "$language $name")
            assertEquals(emptyList<String>(), texts.filterValues { it.isBlank() }.keys.toList(), language)
        }
        assertTrue(english.size > 250, "${english.size} texts")
    }

    @Test
    fun `every state, flag, blocker and error has its text`() {
        fun <T : Enum<T>> of(prefix: String, all: Iterable<T>) = all.map { prefix + it.name.lowercase() }
        val wanted = of("stage_", Stage.entries.filter { it != Stage.OPEN && it != Stage.CLOSED }) +
            of("taken_", Taken.entries - Taken.CLEAR) + of("custody_", Custody.entries) + of("invoice_", InvoiceState.entries) +
            of("half_", Side.entries) + of("blocker_", Blocker.entries) + SENTENCES.map { "error_$it" } +
            listOf("pending", "received", "agreed", "final").map { "word_$it" }
        assertEquals(emptyList<String>(), wanted.filter { "hazel_$it" !in texts("values") })
    }

    @Test
    fun `every text that the sources name is there, and none is left over`() {
        val sources = File("src/main/kotlin").takeIf(File::exists) ?: File("app/src/main/kotlin")
        val said = sources.walk().filter { it.extension == "kt" }.joinToString("\n") { it.readText() }
        val named = Regex("\"([a-z_]+)\"").findAll(said).map { "hazel_" + it.groupValues[1] }.toSet()
        val prefixes = listOf("stage_", "taken_", "custody_", "invoice_", "half_", "blocker_", "error_", "word_", "kind_").map { "hazel_$it" }
        val left = texts("values").keys.filter { name -> name !in named && prefixes.none(name::startsWith) }
        assertEquals(emptyList<String>(), left)
        val direct = Regex("Text\\(\"([a-z_]+[a-z])\"").findAll(said).map { "hazel_" + it.groupValues[1] }.toSet()
        assertEquals(emptyList<String>(), (direct - texts("values").keys).toList())
    }

    @Test
    fun `a wrong word is named by its number`() {
        assertEquals(null, wrongWord("a b c", " A  b c "))
        assertEquals(2, wrongWord("a b c", "a x c"))
        assertEquals(3, wrongWord("a b c", "a b"))
        assertEquals(4, wrongWord("a b c", "a b c d"))
    }

    private fun places(text: String) = Regex("%\\d\\\$s").findAll(text).map { it.value }.toSortedSet()
}

internal val LANGUAGES = listOf("values", "values-es", "values-de")

internal fun texts(folder: String): Map<String, String> {
    val file = Path.of("src/main/res", folder, "strings.xml").toFile().takeIf(File::exists) ?: File("app/src/main/res/$folder/strings.xml")
    val nodes = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).getElementsByTagName("string")
    return (0 until nodes.length).associate {
        nodes.item(it).run { attributes.getNamedItem("name").nodeValue to textContent.replace("\\'", "'").replace("\\\"", "\"") }
    }
}

/** What is read, in the language of a folder. Fails for a text that is not there, or has other words in it than it is given. */
internal fun read(said: Said, texts: Map<String, String>): String = when (said) {
    is Plain -> said.text
    is Text -> String.format(checkNotNull(texts["hazel_" + said.name]) { "no text ${said.name}" }, *said.words.map { read(it, texts) }.toTypedArray())
}

/** Everything on these screens can be read in every language, and is heard by those who cannot see it. */
internal fun checkAll(sheets: List<Sheet>) {
    for (texts in LANGUAGES.map(::texts)) for (sheet in sheets) {
        assertTrue(read(sheet.title, texts).isNotBlank())
        for (part in sheet.parts) {
            assertTrue(read(part.spoken, texts).isNotBlank(), "$part says nothing")
            if (part is Wait) assertTrue(part.until > part.since, "waiting without an end")
        }
    }
}
