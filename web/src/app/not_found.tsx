import { Link } from "@tanstack/react-router";

export const NotFound = () => (
  <main className="grid min-h-dvh place-items-center px-6 text-center">
    <div>
      <h1 className="text-lg font-semibold">There is no such page</h1>
      <p className="mt-1 text-muted">It may have been removed, or the address has a typing mistake.</p>
      <Link to="/" className="mt-5 inline-block text-accent underline underline-offset-4">
        Go to the overview
      </Link>
    </div>
  </main>
);
