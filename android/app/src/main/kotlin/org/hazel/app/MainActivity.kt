package org.hazel.app

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.view.WindowManager
import java.io.File
import java.util.concurrent.Executor
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import org.hazel.bridge.HazelException
import org.hazel.wallet.Keystore
import org.hazel.wallet.TagReader
import org.hazel.wallet.linkIn

/** The one window: draws the screen that is in front, and hands back what is pressed. */
class MainActivity : Activity() {
    private val main = Handler(Looper.getMainLooper())
    private val scope = CoroutineScope(SupervisorJob() + Executor(main::post).asCoroutineDispatcher())
    private lateinit var desk: Desk
    private lateinit var hall: Hall
    private lateinit var tags: TagReader
    private lateinit var view: SheetView
    private var running: Job? = null

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        // Words and amounts stay out of the list of recent apps, and off screenshots.
        window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
        desk = Desk(this)
        val file = File(filesDir, "wallet.hazel")
        hall = Hall(desk, file.path, Keystore(applicationContext))
        tags = TagReader(this) { link -> main.post { take(link) } }
        view = SheetView(this, desk::millis) { deed -> scope.launch { deed() } }
        setContentView(view)
        if (android.os.Build.VERSION.SDK_INT >= android.os.Build.VERSION_CODES.TIRAMISU) {
            onBackInvokedDispatcher.registerOnBackInvokedCallback(0) { if (!hall.back()) finish() }
        }
        scope.launch { hall.screens.collect { if (it.lastOrNull() is ScanScreen) requestPermissions(arrayOf(Manifest.permission.CAMERA), 0) } }
        hall.begin(file.exists())
        linkIn(intent)?.let(::take)
    }

    /** A link that was tapped, or a tag: dealt with as if it were scanned, once there is a wallet. */
    private fun take(link: String) {
        if (hall.hasWallet) hall.go(ScanScreen(hall, link))
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        linkIn(intent)?.let(::take)
    }

    override fun onStart() {
        super.onStart()
        if (hall.hasWallet) quietly { hall.wallet.bridge.resume() }
        running = scope.launch { hall.run(view::show) }
    }

    override fun onResume() {
        super.onResume()
        tags.start()
    }

    override fun onPause() {
        tags.stop()
        super.onPause()
    }

    override fun onStop() {
        running?.cancel()
        // In the middle of a meeting the service keeps the wallet at work; otherwise nothing is locked while the app is frozen.
        if (hall.hasWallet && !desk.isMeeting) quietly { hall.wallet.bridge.suspend() }
        super.onStop()
    }

    /** A wallet that is closed already can neither be frozen nor thawed, and need not be. */
    private fun quietly(act: () -> Unit) = try {
        act()
    } catch (closed: HazelException) {
        desk.log(closed)
    }

    override fun onDestroy() {
        scope.cancel()
        hall.leave()
        super.onDestroy()
    }

    @Deprecated("Android 13 and later call the dispatcher")
    override fun onBackPressed() {
        if (!hall.back()) finish()
    }

    override fun onActivityResult(request: Int, result: Int, data: Intent?) = desk.answered(request, result, data)

    override fun onRequestPermissionsResult(request: Int, permissions: Array<String>, results: IntArray) = desk.answered(request, RESULT_OK, null)
}
