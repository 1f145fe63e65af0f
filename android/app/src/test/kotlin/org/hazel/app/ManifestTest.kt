package org.hazel.app

import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.w3c.dom.Element

/** What the manifests promise is there, and what they must not say is not said. */
class ManifestTest {
    private val app = manifest("app")
    private val wallet = manifest("wallet")

    @Test
    fun `every component is a class, and only what must be reached from outside is`() {
        val named = listOf("activity", "service").flatMap { all(app, it) + all(wallet, it) }
        for (component in named) Class.forName(component.name.let { if (it.startsWith(".")) "org.hazel.app$it" else it }, false, javaClass.classLoader)
        assertEquals(setOf(".MainActivity", "org.hazel.wallet.TagService"), named.filter { it.getAttribute("android:exported") == "true" }.map { it.name }.toSet())
        assertEquals("connectedDevice", all(app, "service").single().getAttribute("android:foregroundServiceType"))
    }

    @Test
    fun `the library asks for no network, nobody for a backup by the system, and links are verified`() {
        val permissions = (all(app, "uses-permission") + all(wallet, "uses-permission")).map { it.name.substringAfterLast('.') }
        assertEquals(emptyList<Element>(), all(wallet, "uses-permission").filter { it.name.endsWith("INTERNET") })
        assertTrue(permissions.containsAll(listOf("CAMERA", "INTERNET", "BLUETOOTH_SCAN", "BLUETOOTH_CONNECT", "BLUETOOTH_ADVERTISE", "FOREGROUND_SERVICE_CONNECTED_DEVICE", "NFC")))
        assertEquals("false", all(app, "application").single().getAttribute("android:allowBackup"))
        val links = all(app, "intent-filter").single { it.getAttribute("android:autoVerify") == "true" }
        assertEquals("https", all(links, "data").single().getAttribute("android:scheme"))
    }

    @Test
    fun `every text and style that a manifest names is there`() {
        val names = Regex("@(string|style|xml)/([A-Za-z_]+)").findAll(file("app").readText()).map { it.groupValues[1] to it.groupValues[2] }.toSet()
        for ((kind, name) in names) when (kind) {
            "string" -> assertTrue("hazel_app" in texts("values") && name in texts("values"), name)
            "style" -> for (night in listOf("values", "values-night")) assertTrue("name=\"$name\"" in resource("$night/themes.xml").readText(), "$night $name")
            else -> assertTrue(resource("xml/$name.xml").exists(), name)
        }
    }

    private val Element.name get() = getAttribute("android:name")

    private fun all(from: Element, tag: String) = from.getElementsByTagName(tag).let { found -> (0 until found.length).map { found.item(it) as Element } }

    private fun resource(path: String) = File(file("app").parentFile, "res/$path")

    private fun file(module: String) = listOf("../$module", module).map { File(it, "src/main/AndroidManifest.xml") }.first(File::exists)

    private fun manifest(module: String) = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file(module)).documentElement
}
