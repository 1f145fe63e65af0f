package org.hazel.app

import java.io.File
import java.nio.file.Path
import javax.xml.parsers.DocumentBuilderFactory
import org.hazel.bridge.Custody
import org.hazel.bridge.ErrandVerdict
import org.hazel.bridge.InvoiceState
import org.hazel.bridge.Side
import org.hazel.bridge.Stage
import org.hazel.bridge.Taken
import org.hazel.wallet.Blocker
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.w3c.dom.Element
import org.w3c.dom.Node
import org.w3c.dom.NodeList

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
    fun `whatever is counted has a form for one and one for more, in each language, and none stands beside a word for many`() {
        for (language in LANGUAGES) for ((name, forms) in counted(language)) {
            assertEquals(setOf("one", "other"), forms.keys, "$language $name")
            assertEquals(2, forms.values.toSet().size, "$language $name")
            for (form in forms.values) assertEquals(setOf("%1\$s"), places(form), "$language $name")
            assertEquals(counted("values").keys, counted(language).keys)
        }
        assertEquals(
            listOf("1 tally", "2 tallies", "0 Kerbhölzer", "1 asiento"),
            listOf(1uL to "values", 2uL to "values", 0uL to "values-de").map { (n, language) -> read(Count("n_tallies", n), language) } +
                read(Count("n_chits", 1uL), "values-es"),
        )
    }

    @Test
    fun `every state, flag, blocker and error has its text`() {
        fun <T : Enum<T>> of(prefix: String, all: Iterable<T>) = all.map { prefix + it.name.lowercase() }
        val wanted = of("stage_", Stage.entries.filter { it != Stage.OPEN && it != Stage.CLOSED }) +
            of("taken_", Taken.entries - Taken.CLEAR) + of("custody_", Custody.entries) + of("invoice_", InvoiceState.entries) +
            of("half_", Side.entries) + of("errand_said_", ErrandVerdict.entries) + of("blocker_", Blocker.entries) + SENTENCES.map { "error_$it" } +
            listOf("pending", "received", "agreed", "final").map { "word_$it" }
        assertEquals(emptyList<String>(), wanted.filter { "hazel_$it" !in texts("values") })
    }

    @Test
    fun `every text that the sources name is there, and none is left over`() {
        val sources = File("src/main/kotlin").takeIf(File::exists) ?: File("app/src/main/kotlin")
        val said = sources.walk().filter { it.extension == "kt" }.joinToString("\n") { it.readText() }
        val named = Regex("\"([a-z_]+)\"").findAll(said).map { "hazel_" + it.groupValues[1] }.toSet()
        val prefixes = listOf("stage_", "taken_", "custody_", "invoice_", "half_", "errand_said_", "blocker_", "error_", "word_", "kind_").map { "hazel_$it" }
        val left = (texts("values").keys + counted("values").keys).filter { name -> name !in named && prefixes.none(name::startsWith) }
        assertEquals(emptyList<String>(), left)
        val direct = Regex("Text\\(\"([a-z_]+[a-z])\"").findAll(said).map { "hazel_" + it.groupValues[1] }.toSet()
        assertEquals(emptyList<String>(), (direct - texts("values").keys).toList())
        val counts = Regex("Count\\(\"([a-z_]+)\"").findAll(said).map { "hazel_" + it.groupValues[1] }.toSet()
        assertEquals(counts, counted("values").keys)
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

internal fun texts(folder: String): Map<String, String> = nodes(folder, "string").associate { it.attributes.getNamedItem("name").nodeValue to unescaped(it) }

/** What is counted, and its forms. */
internal fun counted(folder: String): Map<String, Map<String, String>> = nodes(folder, "plurals").associate { plural ->
    val forms = (plural as Element).getElementsByTagName("item").all()
    plural.getAttribute("name") to forms.associate { it.attributes.getNamedItem("quantity").nodeValue to unescaped(it) }
}

private fun nodes(folder: String, kind: String): List<Node> {
    val file = Path.of("src/main/res", folder, "strings.xml").toFile().takeIf(File::exists) ?: File("app/src/main/res/$folder/strings.xml")
    return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).getElementsByTagName(kind).all()
}

private fun NodeList.all(): List<Node> = (0 until length).map(::item)

private fun unescaped(node: Node) = node.textContent.replace("\\'", "'").replace("\\\"", "\"")

private val known = LANGUAGES.associateWith { texts(it) to counted(it) }

/** What is read, in the language of a folder. Fails for a text that is not there, or has other words in it than it is given. */
internal fun read(said: Said, language: String): String {
    val (texts, counted) = known.getValue(language)
    return when (said) {
        is Plain -> said.text
        is Text -> String.format(checkNotNull(texts["hazel_" + said.name]) { "no text ${said.name}" }, *said.words.map { read(it, language) }.toTypedArray())
        // English, Spanish and German have these two forms, and no other language is here.
        is Count -> String.format(checkNotNull(counted["hazel_" + said.name]) { "no count ${said.name}" }.getValue(if (said.number == 1uL) "one" else "other"), said.number)
    }
}

/** Everything on these screens can be read in every language, and is heard by those who cannot see it. */
internal fun checkAll(sheets: List<Sheet>) {
    for (language in LANGUAGES) for (sheet in sheets) {
        assertTrue(read(sheet.title, language).isNotBlank())
        for (part in sheet.parts) {
            assertTrue(read(part.spoken, language).isNotBlank(), "$part says nothing")
            if (part is Wait) assertTrue(part.until > part.since, "waiting without an end")
        }
    }
}
